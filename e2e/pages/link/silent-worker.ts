/** A worker that never serves. */
self.addEventListener('message', () => {});
