/** A state machine as a table: state → event → next state. A missing entry is a refused event. */
export type Machine<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]?: State };
};

/** The state after `event`, or undefined when the table has no such step. */
export function step<State extends string, Event extends string>(
  machine: Machine<State, Event>,
  state: State,
  event: Event,
): State | undefined {
  return machine[state][event];
}

/** Every (state, event) pair as a line `state --event--> next|refused`, for golden files. */
export function describeMachine<State extends string, Event extends string>(
  machine: Machine<State, Event>,
  events: readonly Event[],
): string[] {
  const states = Object.keys(machine) as State[];
  return states.flatMap((state) =>
    events.map((event) => `${state} --${event}--> ${step(machine, state, event) ?? 'refused'}`),
  );
}
