/** What the control document stops: nothing; new quotes and minting; or swaps, melts and redeems too (03-mint section 15). */
export type IssuanceLevel = 'NONE' | 'ISSUANCE' | 'ALL';
