import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { isRequestId } from '@assay/shared/runtime/request-id';
import type { ServiceKey } from './connections.ts';
import { type FieldNames, plainOf } from './plain.ts';
import type { Session } from './session.ts';

/** What every command that changes something is given. */
export interface AdminOptions {
  readonly reason: string;
  readonly requestId?: string;
  readonly dryRun: boolean;
}

export function withAdminOptions(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; kept for ever beside the command')
    .option(
      '--request-id <id>',
      'of an earlier try: the same command is carried out once (default: a new one)',
      requestId,
    )
    .option('--dry-run', 'show what would be sent, and send nothing', false);
}

function requestId(text: string): string {
  if (!isRequestId(text)) throw new InvalidArgumentError('1 to 64 of A-Z, a-z, 0-9 and ._:-');
  return text;
}

interface AdminCall<Request extends object> {
  readonly service: ServiceKey;
  /** `MintAdminService/ResumeIssuance` */
  readonly method: string;
  readonly request: Request;
  readonly enums?: FieldNames;
}

/**
 * Sends a command, or with `--dry-run` only shows it. The request id is told before anything is sent: whoever loses the
 * answer repeats the command with it and gets the first answer.
 */
export async function adminCall<Request extends object, Answer>(
  { connections, output }: Session,
  options: AdminOptions,
  call: AdminCall<Request>,
  send: (request: Request & { requestId: string; reason: string }) => Promise<Answer>,
): Promise<Answer | undefined> {
  const request = { requestId: options.requestId ?? randomUUID(), reason: options.reason, ...call.request };
  if (options.dryRun) {
    const { settings } = connections;
    const address = settings[call.service];
    const sent = plainOf(request, call.enums);
    const record = { dryRun: true, method: call.method, address, actor: settings.actor ?? null, request: sent };
    const lines = JSON.stringify(sent, null, 2).split('\n');
    output.drawn(record, [`would call ${call.method} at ${address} with`, ...lines]);
    return undefined;
  }
  output.note(
    `request id ${request.requestId}  (if the answer is lost, repeat with --request-id ${request.requestId})`,
  );
  return send(request);
}
