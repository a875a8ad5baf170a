/** What the control document stops: nothing, minting, or minting and swapping (03-mint section 15). */
export type IssuanceLevel = 'NONE' | 'ISSUANCE' | 'ALL';
