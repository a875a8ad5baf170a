// Health of a container: exits 0 when the service behind this metrics port says that it is ready.
const [port = ''] = process.argv.slice(2);
const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
process.exitCode = answer.ok ? 0 : 1;
