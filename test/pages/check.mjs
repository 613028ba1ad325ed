// Opens the log-in pages, or a shared itinerary, in a real browser, as package pages' test tells it to, and says what is wrong with them: by
// axe-core's rules, by keyboard alone, and with JavaScript turned off.
import { readFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'

const told = JSON.parse(readFileSync(0, 'utf8'))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
mkdirSync(told.out, { recursive: true })
const wrong = []
const browser = await puppeteer.launch({
  executablePath: told.browser, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'], timeout: 60_000, protocolTimeout: 120_000,
})

// Looks at a page as it stands: axe's findings that are serious or worse, and a picture.
async function look(page, name, whole = false) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
  for (const v of found.violations) {
    const where = v.nodes.map((n) => n.target.join(' ')).join(', ')
    console.log(`${name}: ${v.impact} ${v.id}: ${v.help} (${where})`)
    if (v.impact === 'serious' || v.impact === 'critical') wrong.push(`${name}: ${v.id}: ${v.help} (${where})`)
  }
  console.log(`${name}: ${found.passes.length} rules passed, ${found.violations.length} did not`)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  if (wide) wrong.push(`${name}: scrolls sideways`)
  await page.screenshot({ path: join(told.out, `${name}.png`), fullPage: whole })
}

async function open(language, dark, narrow, script) {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  await page.setExtraHTTPHeaders({ 'Accept-Language': language })
  await page.setViewport(narrow ? { width: 320, height: 640 } : { width: 1000, height: 800 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }])
  await page.setJavaScriptEnabled(script)
  return { context, page }
}

// Presses a key and waits for the page that comes of it; the app's own address may have nobody who answers.
async function submit(page) {
  const done = page.waitForNavigation({ timeout: 30_000 }).catch(() => undefined)
  await page.keyboard.press('Enter')
  await done
}

async function focused(page, selector) {
  await page.waitForSelector(`${selector}:focus`, { timeout: 10_000 })
}

async function tabTo(page, selector) {
  for (let i = 0; i < 12; i++) {
    const there = await page.$eval(selector, (e) => e === document.activeElement).catch(() => false)
    if (there) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${selector} cannot be reached by keyboard at ${page.url()}`)
}

// Looks at all pages in one language.
async function lookAtAll(language, dark, narrow) {
  const name = [language, dark ? 'dark' : 'light', narrow ? 'narrow' : 'wide'].join('-')
  const { context, page } = await open(language, dark, narrow, true)
  await page.goto(told.thirdParty)
  await look(page, `${name}-login`)
  await page.type('#login_id', told.loginId)
  await page.type('#password', 'not the password')
  await Promise.all([page.waitForNavigation(), page.click('button.primary')])
  await look(page, `${name}-login-wrong`)
  await page.type('#password', told.password)
  await Promise.all([page.waitForNavigation(), page.click('button.primary')])
  await look(page, `${name}-consent`)
  await page.goto(told.firstParty)
  await look(page, `${name}-continue`)
  await page.goto(told.bad)
  await look(page, `${name}-error`)
  await context.close()
}

// Logs in and allows, by keyboard alone and without JavaScript, and wants the way back to the app.
async function logInByKeyboard(language) {
  const { context, page } = await open(language, false, false, false)
  let back = ''
  page.on('request', (r) => {
    if (r.isNavigationRequest() && r.url().startsWith(told.redirect)) back = r.url()
  })
  await page.goto(told.thirdParty)
  await focused(page, '#login_id') // by itself; what is typed before would be lost
  await page.keyboard.type(told.loginId)
  await page.keyboard.press('Tab')
  await page.keyboard.type(told.password)
  await submit(page)
  await tabTo(page, 'button[value=allow]')
  await submit(page)
  if (!new URL(back || 'about:blank').searchParams.get('code')) wrong.push(`${language}: by keyboard and without JavaScript, the app got ${back || 'nothing'}`)
  else console.log(`${language}: logged in and allowed by keyboard, without JavaScript`)
  await context.close()
}

// Looks at a shared itinerary, whole, and at what a link says that does not work.
async function lookAtShared(language, dark, narrow) {
  const name = [language, dark ? 'dark' : 'light', narrow ? 'narrow' : 'wide'].join('-')
  const { context, page } = await open(language, dark, narrow, true)
  for (const which of ['shared', 'gone']) {
    await page.goto(told[which])
    await look(page, `${name}-${which}`, true)
  }
  await context.close()
}

try {
  for (const language of ['ko', 'en']) {
    for (const [dark, narrow] of [[false, false], [true, true]]) {
      if (told.shared) await lookAtShared(language, dark, narrow)
      else await lookAtAll(language, dark, narrow)
    }
    if (!told.shared) await logInByKeyboard(language)
  }
} finally {
  await browser.close()
}
for (const w of wrong) console.error(w)
process.exit(wrong.length > 0 ? 1 : 0)
