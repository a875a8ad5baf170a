import { makeKeys } from './make-keys.ts';

const [folder = '/run/assay'] = process.argv.slice(2);
makeKeys(folder);
console.log(`keys and tables are in ${folder}`);
