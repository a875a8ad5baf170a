/** What a crash of the process is to a flow: it ends between two words. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Failpoints {
  /** Calls of wrapped ports since the start. */
  calls: number;
  /** Crash before or after the effect of this call. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** The port, with a crash at one of its calls. */
export function crashing<Port extends object>(port: Port, points: Failpoints): Port {
  return new Proxy(port, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        points.calls += 1;
        const isHere = points.calls === points.at;
        if (isHere && points.when === 'before') throw new Crash(`before ${String(name)}`);
        const answer: unknown = await Reflect.apply(method, target, args);
        if (isHere) throw new Crash(`after ${String(name)}`);
        return answer;
      };
    },
  });
}
