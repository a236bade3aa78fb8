// A process that makes one measurement: `node child.mjs <module> <function> <params as JSON>`, started by programs.mjs.

const [module = '', name = '', params = '{}'] = process.argv.slice(2);

// Held until the parent says so: it may want to kill it.
process.once('message', () => process.exit());

try {
  const program = (await import(module))[name];
  process.send?.({ result: (await program(JSON.parse(params))) ?? null });
} catch (error) {
  process.send?.({ error: error instanceof Error ? error.stack : String(error) });
}
