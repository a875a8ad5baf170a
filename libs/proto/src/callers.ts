/** Who may call: a service by its certificate name, `operator`, or any authenticated team. */
export type Caller = 'pool' | 'mint' | 'auditor' | 'operator' | 'any-team';

const ANY: readonly Caller[] = ['any-team'];
const OPERATOR: readonly Caller[] = ['operator'];

/** gRPC method path → callers. A server with a method that is missing here does not start. */
export const CALLERS: Readonly<Record<string, readonly Caller[]>> = {
  '/assay.pool.v1.PoolService/GetPoolStats': ANY,
  '/assay.pool.v1.PoolService/GetMiner': ANY,
  '/assay.pool.v1.PoolService/ListWorkers': ANY,
  '/assay.pool.v1.PoolService/GetBatch': ANY,
  '/assay.pool.v1.PoolService/ListBatches': ANY,
  '/assay.pool.v1.PoolService/GetTemplate': ANY,
  '/assay.pool.v1.PoolService/ListTemplates': ANY,
  '/assay.pool.v1.PoolService/GetTemplateBody': ['auditor', 'operator'],
  '/assay.pool.v1.PoolService/ListBlocks': ANY,
  '/assay.pool.v1.PoolService/GetBlock': ANY,
  '/assay.auditor.v1.AuditorService/GetBatch': ANY,
  '/assay.auditor.v1.AuditorService/ListBatches': ANY,
  '/assay.auditor.v1.AuditorService/GetTemplate': ANY,
  '/assay.auditor.v1.AuditorService/ListTemplates': ANY,
  '/assay.auditor.v1.AuditorService/GetQueueStatus': ANY,
  '/assay.auditor.v1.AuditorService/ListDeadLetters': ANY,
  '/assay.auditor.v1.AuditorService/GetDeadLetter': ANY,
  '/assay.auditor.v1.AuditorService/ListBreaches': ANY,
  '/assay.auditor.v1.AuditorAdminService/RecheckTemplate': OPERATOR,
  '/assay.auditor.v1.AuditorAdminService/PauseQueue': OPERATOR,
  '/assay.auditor.v1.AuditorAdminService/ResumeQueue': OPERATOR,
  '/assay.auditor.v1.AuditorAdminService/ReplayDeadLetters': OPERATOR,
  '/assay.auditor.v1.AuditorAdminService/DropDeadLetter': OPERATOR,
  '/assay.auditor.v1.AuditorAdminService/AcknowledgeBreach': OPERATOR,
  '/assay.mint.v1.MintService/GetQuote': ANY,
  '/assay.mint.v1.MintService/ListQuotes': ANY,
  '/assay.mint.v1.MintService/ListKeysets': ANY,
  '/assay.mint.v1.MintService/GetSupply': ANY,
  '/assay.mint.v1.MintService/PauseIssuance': ['auditor', 'operator'],
  '/assay.mint.v1.MintAdminService/ResumeIssuance': OPERATOR,
  '/assay.mint.v1.MintAdminService/ListDeadLetters': OPERATOR,
  '/assay.mint.v1.MintAdminService/GetDeadLetter': OPERATOR,
  '/assay.mint.v1.MintAdminService/ReplayDeadLetters': OPERATOR,
  '/assay.mint.v1.MintAdminService/DropDeadLetter': OPERATOR,
  '/signatory.Signatory/BlindSign': ['mint'],
  '/signatory.Signatory/VerifyProofs': ['mint'],
  '/signatory.Signatory/Keysets': ['mint'],
  '/signatory.Signatory/SubscribeKeysets': ['mint'],
  '/signatory.Signatory/RotateKeyset': ['mint'],
};
