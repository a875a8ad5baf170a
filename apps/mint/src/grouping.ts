import { withinDeadline } from '@assay/shared/runtime/grpc-deadline';
import { GrpcFault } from '@assay/shared/runtime/grpc-status';
import { AsyncResource } from 'node:async_hooks';

/** How single requests become group calls. */
export interface Grouping<Item, Answer> {
  /** Of one group; an item heavier than this goes alone. */
  readonly weightMax: number;
  readonly inFlightMax: number;
  /** What must be waiting, in weight, for a call beside those in flight; less waits until one ends. 1 unless given. */
  readonly besideFrom?: number;
  /** Items that may wait; more are refused: what the calls are for is busier than it can answer. */
  readonly waitingMax: number;
  /** 1 unless given. */
  readonly weigh?: (item: Item) => number;
  /** Answers in the order of the items; a fault is the fault of every item. */
  readonly run: (items: readonly Item[]) => Promise<readonly Answer[]>;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly weight: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: unknown) => void;
  /** Where the item was asked for: its trace. */
  readonly asked: AsyncResource;
}

/**
 * Collects what arrives while calls are under way and makes one call of it: the more load, the larger the groups, and no
 * timer that a lonely request would have to wait for.
 */
export function grouped<Item, Answer>(options: Grouping<Item, Answer>): (item: Item) => Promise<Answer> {
  const waiting: Waiting<Item, Answer>[] = [];
  const { weightMax, inFlightMax, besideFrom = 1, weigh = () => 1 } = options;
  let inFlight = 0;
  let weightWaiting = 0;
  let isScheduled = false;

  const runGroup = async (group: readonly Waiting<Item, Answer>[]) => {
    try {
      const answers = await options.run(group.map(({ item }) => item));
      answers.forEach((answer, index) => group[index]?.resolve(answer));
    } catch (fault) {
      for (const { reject } of group) reject(fault);
    }
    inFlight -= 1;
    schedule();
  };

  const begin = (group: readonly Waiting<Item, Answer>[]) => {
    inFlight += 1;
    // Not where the pump was scheduled: that may be a request that ended long ago. And by no deadline, for the group is of
    // several requests.
    group[0]?.asked.runInAsyncScope(() => withinDeadline(Infinity, () => void runGroup(group)));
  };
  const mayBegin = () =>
    waiting.length > 0 && (inFlight === 0 || (inFlight < inFlightMax && weightWaiting >= besideFrom));
  const pump = () => {
    isScheduled = false;
    while (mayBegin()) {
      const group = waiting.splice(0, groupSize(waiting, weightMax));
      weightWaiting -= weightOf(group);
      begin(group);
    }
  };

  // One turn of the event loop later, so that requests of one turn go together.
  const schedule = () => {
    if (isScheduled || !mayBegin()) return;
    isScheduled = true;
    setImmediate(pump);
  };

  return (item) =>
    new Promise<Answer>((resolve, reject) => {
      if (waiting.length >= options.waitingMax) {
        reject(new GrpcFault('DEPENDENCY_UNAVAILABLE', `more than ${options.waitingMax} requests are waiting`));
        return;
      }
      const weight = weigh(item);
      waiting.push({ item, weight, resolve, reject, asked: new AsyncResource('grouped') });
      weightWaiting += weight;
      schedule();
    });
}

interface Weighed {
  readonly weight: number;
}

/** How many of the oldest items fit one group: at least one. */
function groupSize(waiting: readonly Weighed[], weightMax: number): number {
  let sum = 0;
  const beyond = waiting.findIndex(({ weight }) => (sum += weight) > weightMax);
  return beyond < 0 ? waiting.length : Math.max(beyond, 1);
}

function weightOf(group: readonly Weighed[]): number {
  return group.reduce((sum, { weight }) => sum + weight, 0);
}
