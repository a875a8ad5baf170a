import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive } from './is-alive.ts';

const POLL_MS = 250;

/**
 * Waits until this process holds the lock, a file with its process id, and returns what releases it. The lock of a process
 * that is no more counts for nothing: a fetch that was interrupted holds up nobody.
 * @param waiting called once when another process holds it.
 */
export async function lockFile(path: string, waiting: () => void = () => undefined): Promise<() => void> {
  for (let told = false; !take(path); told = true) {
    if (!told) waiting();
    await wait(POLL_MS);
  }
  return () => rmSync(path, { force: true });
}

function take(path: string): boolean {
  if (create(path)) return true;
  const holder = holderOf(path);
  if (holder === undefined || isAlive(holder)) return false;
  removeOf(path, holder);
  return create(path);
}

/** The file appears with its content: nobody reads it half written. */
function create(path: string): boolean {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10);
  } catch {
    // Released meanwhile.
    return undefined;
  }
}

/** Takes the dead holder's file away; one that a third process made meanwhile is put back. */
function removeOf(path: string, holder: number): void {
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
    if (holderOf(aside) !== holder) linkSync(aside, path);
  } catch {
    // Somebody else was quicker.
  } finally {
    rmSync(aside, { force: true });
  }
}
