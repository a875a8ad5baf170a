/** Long work takes turns with everything else that the process does: no wallet holds up the others. */
export interface Turns {
  /** Resolves when the caller may go on for some milliseconds; all that go on so are one after the other. */
  next(): Promise<void>;
}
