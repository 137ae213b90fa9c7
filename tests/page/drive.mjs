// A browser on the page of a verifier: node drive.mjs ADDRESS FOLDER. One command a line in, one JSON document a line out.
// Started by host/verifier/tests/page_browser.rs, which knows what has to come out.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [address, folder] = process.argv.slice(2);
// The folder is the test's own and goes with it.
const profile = join(folder, "profile");
const complaints = [];

// Longest wait for one thing, in milliseconds: a busy machine takes its time.
const PATIENCE = 100_000;

const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.ORV_CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  timeout: PATIENCE,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
  ],
  viewport: { width: 1280, height: 900 },
  colorScheme: "light",
});

context.setDefaultTimeout(PATIENCE);

// Whatever a page complains of, except where the test itself cuts the line.
let isOffline = false;
function listen(page) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isOffline) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    if (!isOffline && request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) complaints.push(`asked elsewhere: ${request.url()}`);
  });
}

const desk = context.pages()[0] ?? (await context.newPage());
listen(desk);
await desk.goto(address);

// The page as lines of text: one for each element that has text of its own, indented by how deep it stands.
function outlined() {
  const lines = [];
  const walk = (element, depth) => {
    if (element.hidden || ["SCRIPT", "STYLE"].includes(element.tagName)) return;
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const text = own.map((node) => node.textContent.trim()).filter(Boolean).join(" … ");
    const attributes = ["href", "value", "max", "width", "d"]
      .filter((name) => element.hasAttribute(name) && !["SVG", "LINK"].includes(element.tagName.toUpperCase()))
      .map((name) => ` ${name}=${element.getAttribute(name)}`).join("");
    const classes = element.getAttribute("class");
    const name = element.tagName.toLowerCase() + (classes ? "." + classes.replaceAll(" ", ".") : "");
    if (text || attributes || classes) {
      lines.push(`${"  ".repeat(depth)}${name}${attributes}${text ? ": " + text.replace(/\s+/gu, " ") : ""}`);
    }
    for (const child of element.children) walk(child, depth + (text || attributes || classes ? 1 : 0));
  };
  walk(document.body, 0);
  return lines.join("\n");
}

// Whether a page is wider than the window it is in.
const width = (page) => page.evaluate(() => document.documentElement.scrollWidth);

// Waits longer than one period of the page's script.
async function appears(page, text) {
  return page.getByText(text).first().waitFor().then(() => true, () => false);
}

const COMMANDS = {
  async outline() {
    return { title: await desk.title(), outline: await desk.evaluate(outlined) };
  },
  async hostile() {
    const page = await context.newPage();
    listen(page);
    let shown = 0;
    for (const place of ["/", "/proposals/21", "/?project=40"]) {
      await page.goto(address + place);
      if ((await page.getByText("<script>window.broken=1</script>").count()) > 0) shown += 1;
    }
    const broken = await page.evaluate(() => "broken" in window);
    const scripts = await page.evaluate(() => document.scripts.length);
    await page.close();
    return { broken, scripts, shown };
  },
  async phone() {
    const page = await context.newPage();
    listen(page);
    await page.setViewportSize({ width: 360, height: 740 });
    const widths = {};
    for (const place of ["/", "/proposals/18", "/proposals/21", "/runbook"]) {
      await page.goto(address + place);
      widths[place] = await width(page);
    }
    await page.close();
    return { widths };
  },
  async pictures() {
    await desk.screenshot({ path: join(folder, "page.png"), fullPage: true });
    await desk.emulateMedia({ colorScheme: "dark" });
    await desk.screenshot({ path: join(folder, "page-dark.png"), fullPage: true });
    await desk.emulateMedia({ colorScheme: "light" });
    const page = await context.newPage();
    listen(page);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(address);
    await page.screenshot({ path: join(folder, "page-phone.png"), fullPage: true });
    await page.goto(address + "/proposals/18");
    await page.screenshot({ path: join(folder, "proposal-phone.png"), fullPage: true });
    await page.close();
    return {};
  },
  async "without-script"() {
    // What is in the document before a script has run is what a browser without one shows.
    const page = await context.newPage();
    await page.route("**/script.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
    await page.goto(address);
    const outline = await page.evaluate(outlined);
    await page.close();
    return { outline };
  },
  async await(text) {
    return { found: await appears(desk, text) };
  },
  async offline() {
    isOffline = true;
    await context.setOffline(true);
    const told = await appears(desk, "The daemon does not answer");
    await context.setOffline(false);
    const gone = await desk.locator("#lost").waitFor({ state: "hidden" }).then(() => true, () => false);
    isOffline = false;
    return { told, gone };
  },
  async end() {
    await context.close();
    return { complaints };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...words] = line.split(" ");
  let answer;
  try {
    answer = await COMMANDS[name](words.join(" "));
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
  if (name === "end") break;
}
await context.close().catch(() => {});
