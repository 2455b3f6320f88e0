import type { Options } from "./Options.ts"
import type { Outcome } from "./Simulation.ts"

/** What is about to be sent, and which secret the integration needs for it where that is not the one that was given. */
export const announcement = ({ count, isTestKey, key, secret, sender, type, url }: Options): string => {
  const { provider, variant } = sender
  const webhooks = count === 1 ? "1 webhook" : `${count} webhooks`
  const what = `Sends ${webhooks} of ${provider}${variant === undefined ? "" : ` (${variant})`} to ${url}: ${type}`
  if (isTestKey) {
    return `${what}\nThey are signed by a test key. Give the integration this secret, or say its own with --secret:\n  ${secret}`
  }
  return secret === key ? what : `${what}\nThe integration's secret must be the public key:\n  ${secret}`
}

/** What became of the webhooks, for a person. */
export const summary = (outcomes: ReadonlyArray<Outcome>): string =>
  [
    line("accepted", count(outcomes, "Accepted")),
    line("duplicate", count(outcomes, "Duplicate")),
    line("refused", count(outcomes, "Refused")),
    ...grouped(
      outcomes.flatMap((outcome) => outcome._tag === "Refused" ? [[String(outcome.status), outcome.said]] : [])
    ),
    line("no answer", count(outcomes, "Unanswered")),
    ...grouped(outcomes.flatMap((outcome) => outcome._tag === "Unanswered" ? [["", outcome.why]] : [])),
    latency(outcomes.flatMap((outcome) => "millis" in outcome ? [outcome.millis] : []))
  ].join("\n")

/** 0 where every webhook was answered with 2xx, else 1. */
export const exitCode = (outcomes: ReadonlyArray<Outcome>): number =>
  outcomes.every(({ _tag }) => _tag === "Accepted" || _tag === "Duplicate") ? 0 : 1

const line = (label: string, value: number | string): string => `${label.padEnd(10)} ${String(value).padStart(7)}`

const count = (outcomes: ReadonlyArray<Outcome>, tag: Outcome["_tag"]): number =>
  outcomes.filter(({ _tag }) => _tag === tag).length

/** One line for each label, with what the first of it said; what has no label is told apart by what it says. */
const grouped = (troubles: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const kinds = new Map<string, { readonly label: string; readonly said: string; count: number }>()
  for (const [label = "", said = ""] of troubles) {
    const key = label === "" ? said : label
    const kind = kinds.get(key) ?? { label, said, count: 0 }
    kind.count += 1
    kinds.set(key, kind)
  }
  return [...kinds.values()].toSorted((one, other) => one.label < other.label ? -1 : 1)
    .map(({ count, label, said }) => `${line(`  ${label}`, count)}  ${said}`)
}

const latency = (millis: ReadonlyArray<number>): string => {
  const sorted = millis.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
  const shown = (value: number | undefined) => value === undefined ? "-" : `${value.toFixed(1)} ms`
  return `latency    p50 ${shown(at(0.5))}, p99 ${shown(at(0.99))}`
}
