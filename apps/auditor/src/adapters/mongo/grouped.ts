import { assert } from '@assay/shared/kernel/assert';

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls that come while one is under way go together with the next one: one round trip for all of them. A fault is the fault
 * of every call of its group.
 * @param run answers in the order of `items`.
 */
export function grouped<Item, Answer>(
  itemsMax: number,
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  const waiting: Waiting<Item, Answer>[] = [];
  let running = false;
  const runAll = async () => {
    running = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, itemsMax);
      try {
        const answers = await run(group.map(({ item }) => item));
        assert(answers.length === group.length, 'an answer for each item');
        for (const [index, answer] of answers.entries()) group[index]?.resolve(answer);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    running = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void runAll();
    });
}
