// Words and formats in the reader's language. The words come from the page's configuration (portal/labsessions/strings.py).
let words = {};
let language = "es";
let plurals = new Intl.PluralRules("es");
let timeZone;

/** `zone` is the portal's: a due hour reads the same here as on the course pages. */
export function useLanguage(code, strings, zone) {
  language = code;
  timeZone = zone || undefined;
  words = strings;
  plurals = new Intl.PluralRules(code);
}

export function has(key) {
  return key in words;
}

/** t("submission.number", {number: 3}): the text with {number} filled in; a missing text shows its key, so it gets noticed. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Like t, with the plural form for `n` (keys end in .one and .other). */
export function tn(key, n, values = {}) {
  const form = plurals.select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n: number(n), ...values });
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export function seconds(value) {
  return new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** 40 s, 2.5 min, 1 h: for how long something takes, as a person would say it. */
export function duration(value) {
  const [amount, unit] = value < 90 ? [value, "second"] : value < 5400 ? [value / 60, "minute"] : [value / 3600, "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: amount < 10 ? 1 : 0 }).format(amount);
}

/** 62 % of 0.62. */
export function percent(fraction) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(fraction);
}

export function clock(date) {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(date));
}

/** Hour alone for today, day and hour else. */
export function moment(date) {
  const when = new Date(date);
  const day = new Intl.DateTimeFormat(language, { dateStyle: "short", timeZone });
  if (day.format(when) === day.format(new Date())) return clock(when);
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone }).format(when);
}

/** 52:10, or 1:05:00 */
export function countdown(total) {
  const left = Math.max(0, Math.round(total));
  const pad = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(left / 60);
  const rest = `${pad(minutes % 60)}:${pad(left % 60)}`;
  return minutes >= 60 ? `${Math.floor(minutes / 60)}:${rest}` : rest;
}
