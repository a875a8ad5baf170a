/** What the end of the process is to a flow: it goes no further. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Where one process ends: after its effect on the outside number `at`, counted from the start of the test. */
export interface Failpoints {
  effects: number;
  readonly at: number;
  /** Name of the effect after which it ended. */
  reached: string;
}

/**
 * One process: its ports have an effect only while it lives. It ends right after the effect that `points` names; the moment
 * before an effect is the one after the effect before it.
 */
export function mortal(points: Failpoints) {
  let alive = true;
  return {
    /** The port, whose calls named in `effects` change something outside. */
    port<Port extends object>(port: Port, effects: readonly (keyof Port & string)[]): Port {
      return new Proxy(port, {
        get(target, name, receiver) {
          const method: unknown = Reflect.get(target, name, receiver);
          if (typeof method !== 'function' || !effects.some((effect) => effect === name)) return method;
          return async (...args: unknown[]) => {
            if (!alive) throw new Crash('ended before');
            const answer: unknown = await Reflect.apply(method, target, args);
            if (!alive) throw new Crash('ended meanwhile');
            points.effects += 1;
            if (points.effects === points.at) {
              alive = false;
              points.reached = String(name);
              throw new Crash(`after ${String(name)}`);
            }
            return answer;
          };
        },
      });
    },
  };
}
