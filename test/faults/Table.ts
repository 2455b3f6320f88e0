import type { Incident } from "./Books.ts"
import * as Checker from "./Checker.ts"
import { members } from "./Kinds.ts"
import * as Memory from "./Memory.ts"

const shown = 5
const width = 30

const row = (name: string, value: string | number): string => `  ${name.padEnd(width)} ${value}`

/** The verdict in numbers, and why the run fails where it does. */
export const verdict = (verdict: Checker.Verdict): string => {
  const { explained, unexplained } = verdict.repeats
  const repeated = explained.length + unexplained.length
  const perMillion = verdict.delivered === 0 ? 0 : Math.round(repeated / verdict.delivered * 1_000_000)
  const counts = [
    row("accepted", verdict.accepted),
    row("delivered", verdict.delivered),
    row("delivered twice", `${repeated} (${perMillion} per million)`),
    row("  of those explained", explained.length),
    ...Checker.failures(verdict).map(([name, reasons]) => row(name, reasons.length))
  ]
  const reasons = Checker.failures(verdict).filter(([, all]) => all.length > 0).map(([name, all]) => {
    const rest = all.length > shown ? `\n  and ${all.length - shown} more` : ""
    return `\n${name}:\n${all.slice(0, shown).map((_) => `  ${_}`).join("\n")}${rest}`
  })
  return [...counts, ...reasons].join("\n")
}

export const memory = (samples: Memory.Samples): string =>
  members.map((member) => {
    const { last, least, most, perMinute } = Memory.summary(samples[member])
    const whole = (megabytes: number) => `${Math.round(megabytes)} MB`
    return row(
      `memory of ${member}`,
      `${whole(least)} to ${whole(most)}, in the end ${whole(last)}, ${perMinute.toFixed(1)} MB a minute`
    )
  }).join("\n")

export const incidents = (all: ReadonlyArray<Incident>, startedAt: number): string =>
  all.map(({ failure, from, kind, target, until }) =>
    `  ${seconds(from - startedAt)} to ${seconds(until - startedAt)}  ${kind} ${target}${
      failure === null ? "" : `: not done (${failure})`
    }`
  ).join("\n")

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(1)} s`.padStart(8)
