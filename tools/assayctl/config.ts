/** The environment of this process, as the command line's second opinion. */
export const ENVIRONMENT: Readonly<NodeJS.ProcessEnv> = process.env;
