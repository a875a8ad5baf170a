import { metricsText } from '@assay/shared/runtime/metrics';
import '@assay/shared/runtime/outbox';
import { beforeAll, expect, test } from 'vitest';
import { amount } from '@assay/shared/kernel/money';
import { SAT_UNIT } from './domain/unit.ts';
import {
  lightningIsFake,
  levelObeyed,
  operationEnded,
  pendingQuotes,
  quoteCameTo,
  quotePaidAfter,
  quoteSignatureAccepted,
  recounted,
  resyncFound,
  signed,
  subscriptionsOpen,
  supplyCounted,
  unitsIssued,
  verdictRefused,
} from './telemetry.ts';

let told: string;

beforeAll(async () => {
  quoteCameTo('ehash', 'PENDING');
  pendingQuotes(3, 7);
  quotePaidAfter(0.2);
  operationEnded('SWAP', 'replayed', 0.004);
  operationEnded('MELT', 'input-pending', 0.004);
  quoteSignatureAccepted('legacy');
  unitsIssued(SAT_UNIT, 'bolt11', 8n);
  const flows = { minted: 8n, melted: 0n, redeemed: 0n, fees: 0n, surplus: 0n };
  supplyCounted([{ unit: SAT_UNIT, ...flows, outstanding: amount(5n) }]);
  recounted(0);
  levelObeyed('ISSUANCE');
  signed(0.004);
  subscriptionsOpen(2);
  resyncFound(1);
  lightningIsFake();
  verdictRefused('signature');
  told = (await metricsText()).text;
});

test.each([
  'assay_quotes_total{method="ehash",state="PENDING"} 1',
  'assay_quote_pending 3',
  'assay_quote_oldest_pending_age_seconds 7',
  'assay_quote_time_to_paid_seconds_bucket{le="0.25"} 1',
  'assay_mint_operations_total{kind="SWAP",outcome="replayed"} 1',
  'assay_mint_operations_total{kind="MELT",outcome="input-pending"} 1',
  'assay_mint_operation_duration_seconds_bucket{le="0.005",kind="SWAP"} 1',
  'assay_mint_nut20_total{version="legacy"} 1',
  'assay_mint_replays_total 1',
  'assay_mint_issued_units_total{unit="sat",method="bolt11"} 8',
  'assay_mint_outstanding_units{unit="sat"} 5',
  'assay_ledger_imbalance_units 0',
  'assay_mint_paused{level="ISSUANCE"} 1',
  'assay_mint_paused{level="ALL"} 0',
  'assay_signatory_sign_duration_seconds_bucket{le="0.005"} 1',
  'assay_ws_subscriptions 2',
  'assay_ws_resync_found_total 1',
  'assay_outbox_oldest_unsent_age_seconds 0',
  'assay_mint_fake_lightning 1',
  'assay_mint_verdicts_refused_total{reason="signature"} 1',
])('whoever scrapes reads %s', (line) => {
  expect(told.split('\n')).toContain(line);
});
