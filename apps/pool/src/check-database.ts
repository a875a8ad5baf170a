// node apps/pool/src/check-database.ts [--uri mongodb://…] [--database pool]
// Recounts the invariants P1–P3 and P9 of all batches (01-pool section 17). Prints one JSON line; exits 1 and names them
// when one is violated. Without --uri: MONGODB_URI.
import './recount/main.ts';
