import { filterHash, shardOf } from '../src/domain/subscriptions/kinds.ts';
import { filterOf, kindOf } from '../src/domain/subscriptions/observed.ts';
import type { ChangeNote, ChangeNotes, RenderObserved } from '../src/subscription-ports.ts';

/** Core NATS in memory: what one instance tells every other one hears that listens to the shard, unless it is lost. */
export interface MemoryBus {
  isDown: boolean;
  /** Sent to other instances so far, lost ones included. */
  readonly sent: ChangeNote[];
  instance(render: RenderObserved): ChangeNotes & { readonly shards: ReadonlySet<string> };
}

export function memoryBus(): MemoryBus {
  const instances: { readonly shards: Set<string>; heard: (note: ChangeNote) => void }[] = [];
  const bus: MemoryBus = {
    isDown: false,
    sent: [],
    instance: (render) => {
      const self = { shards: new Set<string>(), heard: (_: ChangeNote): void => undefined };
      instances.push(self);
      const send = (note: ChangeNote) => {
        bus.sent.push(note);
        const shard = `${note.kind}.${shardOf(note.filterHash)}`;
        if (bus.isDown) return;
        for (const other of instances) if (other !== self && other.shards.has(shard)) other.heard(note);
      };
      return {
        shards: self.shards,
        tell: (changes) => {
          for (const { observed, version } of changes) {
            const hash = filterHash(filterOf(observed));
            const note = { kind: kindOf(observed), filterHash: hash, version, payload: render(observed) };
            self.heard(note);
            send(note);
          }
        },
        hear: (listener) => void (self.heard = listener),
        listen: async (kind, shard) => void self.shards.add(`${kind}.${shard}`),
        leave: (kind, shard) => void self.shards.delete(`${kind}.${shard}`),
      };
    },
  };
  return bus;
}
