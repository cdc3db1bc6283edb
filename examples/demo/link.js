// What the address says of the page's state: `#model=…&sample=…&tab=…&look=…&layer=…&patch=…`. Whoever opens the link
// sees the same.

const values = new URLSearchParams(location.hash.slice(1));

export const link = {
  /** What the link says of something, or null. */
  get: (name) => values.get(name),

  /** Changes what it says; undefined leaves something out. Nothing is added to the browser's history. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) values.delete(name);
      else values.set(name, value);
    }
    // Slashes and commas may stand in a fragment, and are easier to read.
    const hash = values.toString().replaceAll('%2F', '/').replaceAll('%2C', ',').replaceAll('%3A', ':');
    history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
  },
};
