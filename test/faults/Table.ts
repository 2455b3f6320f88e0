import type { Incident } from "./Books.ts"
import * as Checker from "./Checker.ts"
import { members } from "./Kinds.ts"
import * as Memory from "./Memory.ts"

const shown = 5
const explanations = 20
const width = 30

const row = (name: string, value: string | number): string => `  ${name.padEnd(width)} ${value}`

/** The verdict in numbers, why the run fails where it does, and what explains each repeat. */
export const verdict = (verdict: Checker.Verdict): string => {
  const { causes, deliveredTwice, explained, unexplained } = verdict.repeats
  const { attemptsPerSecond, characters, sentPerSecond, statuses } = verdict.offer
  const perMillion = verdict.delivered === 0 ? 0 : Math.round(deliveredTwice / verdict.delivered * 1_000_000)
  const numbers = [
    row("sent for the first time", `${sentPerSecond.toFixed(1)} a second`),
    row("attempts", `${attemptsPerSecond.toFixed(1)} a second`),
    row("answers to providers", histogram(statuses)),
    row("calls by character", histogram(characters)),
    row("accepted", verdict.accepted),
    row("delivered", verdict.delivered),
    row("delivered twice", `${deliveredTwice} (${perMillion} per million)`),
    row("repeated calls", explained.length + unexplained.length),
    row("  of those explained", explained.length),
    row("  by", histogram(causes)),
    ...Checker.failures(verdict).map(([name, reasons]) => row(name, reasons.length))
  ]
  const reasons = Checker.failures(verdict).map(([name, all]) => list(name, all, shown))
  return [...numbers, ...reasons, list("repeated, explained", explained, explanations)].filter((_) => _ !== "")
    .join("\n")
}

const histogram = (counts: ReadonlyArray<readonly [name: string, count: number]>): string =>
  counts.map(([name, count]) => `${name}: ${count}`).join(", ")

const list = (name: string, all: ReadonlyArray<string>, shown: number): string => {
  if (all.length === 0) return ""
  const rest = all.length > shown ? `\n  and ${all.length - shown} more` : ""
  return `\n${name}:\n${all.slice(0, shown).map((_) => `  ${_}`).join("\n")}${rest}`
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
