import { portOf } from './port-plan.ts';
import type { Stack } from './stack.ts';

/** A mint for wallets, until interrupted or until a process ends that should not. Resolves with the exit code. */
export async function runMintOnly(
  stack: Stack,
  { tell, interrupted }: { readonly tell: (line: string) => void; readonly interrupted: Promise<'interrupted'> },
): Promise<number> {
  const { options } = stack;
  const mintUrls = stack.instances
    .filter(({ service }) => service === 'mint')
    .map(({ replica }) => `http://127.0.0.1:${portOf(options, 'mintHttp', replica)}`);
  for (const line of describe(mintUrls, options.bolt11)) console.log(line);
  const how = await Promise.race([interrupted, stack.unexpectedEnd]);
  tell(how === 'interrupted' ? 'stopping' : `${how}; its log is in ${options.dataDir}/logs. Stopping the others`);
  return how === 'interrupted' ? 0 : 1;
}

function describe(mintUrls: readonly string[], bolt11: 'fake' | undefined): string[] {
  const lightning =
    bolt11 === 'fake'
      ? 'Lightning is FAKE: every invoice pays itself, every payment succeeds. This ecash has no value.'
      : 'No Lightning: add --bolt11 fake to mint and melt sat.';
  return ['', ...mintUrls.map((url) => `  mint URL     ${url}`), `  ${lightning}`, '  Ctrl-C ends it.', ''];
}
