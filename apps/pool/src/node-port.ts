/** A bitcoin node, as the flows about templates and blocks see it. Faults (late, unreachable) are exceptions. */
export interface ChainNode {
  readonly id: string;
  /** Object of `getblocktemplate`; with `longPollId` it answers when that template is no longer the newest. */
  template(longPoll?: { readonly id: string; readonly signal: AbortSignal }): Promise<unknown>;
  /** Display order. */
  bestBlockHash(): Promise<string>;
  state(): Promise<NodeState>;
  /** `null` when taken, else the node's word. @param block hex */
  submitBlock(block: string): Promise<string>;
  /** undefined when the node does not know the block. @param hash display order */
  header(hash: string): Promise<KnownHeader | undefined>;
  /** The block of the active chain at `height`, by header and coinbase; undefined above the tip. */
  chainBlock(height: number): Promise<ChainBlock | undefined>;
}

export interface NodeState {
  readonly height: number;
  readonly initialDownload: boolean;
}

export interface KnownHeader {
  readonly height: number;
  /** −1 off the active chain. */
  readonly confirmations: number;
}

export interface ChainBlock {
  /** Display order. */
  readonly hash: string;
  readonly height: number;
  readonly time: number;
  /** 160 hex. */
  readonly header: string;
  /** Hex of the coinbase, with or without witness. */
  readonly coinbase: string;
}
