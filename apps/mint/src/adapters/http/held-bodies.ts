/** A request whose body the mint reads or has in work. */
interface Held {
  readonly network: string;
  readonly bytes: number;
  readonly cut: () => boolean;
}

/** Long bodies that are in memory, of all clients together. */
export interface HeldBodies {
  /**
   * Room for one more, until it is given back. When there is none, the oldest of whoever holds most gives way to one who
   * would still hold less: a few who send much and slowly keep nobody else out.
   * @param cut ends the request, if its body is still on its way; false when the mint has all of it
   * @returns gives the room back; undefined when there is none
   */
  hold(network: string, bytes: number, cut: () => boolean): (() => void) | undefined;
}

export function heldBodies(bytesMax: number): HeldBodies {
  const held = new Set<Held>();
  const byNetwork = new Map<string, number>();
  let total = 0;

  const count = ({ network, bytes }: Held, sign: 1 | -1) => {
    const after = (byNetwork.get(network) ?? 0) + sign * bytes;
    if (after === 0) byNetwork.delete(network);
    else byNetwork.set(network, after);
    total += sign * bytes;
  };
  const giveBack = (body: Held) => {
    if (held.delete(body)) count(body, -1);
  };
  const cutOldest = (network: string) => {
    for (const body of held) {
      if (body.network !== network || !body.cut()) continue;
      giveBack(body);
      return true;
    }
    return false;
  };
  const largest = () => [...byNetwork].reduce((most, next) => (next[1] > most[1] ? next : most), ['', 0] as const);
  return {
    hold: (network, bytes, cut) => {
      const wanted = (byNetwork.get(network) ?? 0) + bytes;
      while (total + bytes > bytesMax) {
        const [holder, holds] = largest();
        if (holds <= wanted || !cutOldest(holder)) return undefined;
      }
      const body = { network, bytes, cut };
      held.add(body);
      count(body, 1);
      return () => giveBack(body);
    },
  };
}
