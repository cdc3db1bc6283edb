// The benchmark's pages in any of the browsers.

/** Opens an empty page and imports `script` of page/, which leaves its functions for `call`. */
export async function openPage(browser, origin, script) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`In the page: ${error.message}`));
  await page.goto(`${origin}/page/index.html`);
  await page.evaluate(async (url) => void (await import(url)), `/page/${script}`);
  return page;
}

/** Calls one of the functions that the page's script left in `globalThis.participant`. */
export function call(page, name, argument) {
  return page.evaluate(([name, argument]) => globalThis.participant[name](argument), [name, argument]);
}
