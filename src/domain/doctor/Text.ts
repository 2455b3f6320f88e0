import { DateTime, Schema } from "effect"
import { type Outcome, Report, type Server } from "./Report.ts"

/** The report as one JSON document. */
export const json = Schema.encodeSync(Schema.parseJson(Report, { space: 2 }))

/** The report for a person: one line for each rule, then what was found and what to do about it. */
export const forPeople = (report: Report): string => {
  const found = report.rules.filter(({ result }) => result === "found")
  return [
    `Sluice doctor, ${DateTime.formatIso(report.examinedAt)}`,
    `PostgreSQL: ${server(report.servers.postgres)}`,
    `RabbitMQ:   ${server(report.servers.rabbitmq)}`,
    "",
    ...report.rules.map(line),
    "",
    ...found.flatMap(finding),
    conclusion(report, found.length)
  ].join("\n")
}

const width = 110
const marks = { ok: "ok     ", found: "FOUND  ", skipped: "skipped" } as const

const server = ({ problem, status }: Server): string => problem === null ? status : `${status}, ${problem}`

const count = ({ atLeast, count }: Outcome): string => atLeast ? `more than ${count}` : String(count)

const line = (outcome: Outcome): string =>
  `${marks[outcome.result]} ${outcome.id.padEnd(26)} ${outcome.title.padEnd(52)} ${
    outcome.result === "skipped" ? "-" : count(outcome)
  }`

const finding = (outcome: Outcome): ReadonlyArray<string> => [
  `${outcome.id} (${outcome.severity}): ${outcome.title}: ${count(outcome)}`,
  ...wrapped("It means:   ", outcome.meaning),
  ...outcome.examples.map(({ detail, subject }) => `  Such as:    ${subject} (${detail})`),
  ...wrapped("What to do: ", outcome.advice),
  ""
]

const conclusion = ({ rules, status }: Report, found: number): string => {
  const skipped = rules.filter(({ result }) => result === "skipped").length
  const left = skipped === 0 ? "" : ` ${rulesIn(skipped)} could not be looked at.`
  switch (status) {
    case "healthy":
      return `Nothing is wrong.${left}`
    case "findings":
      return `${rulesIn(found)} found something.${left}`
    case "incomplete":
      return `A server is away, so this is not the whole picture: ${rulesIn(found)} found something.${left}`
  }
}

const rulesIn = (count: number): string => count === 1 ? "1 rule" : `${count} rules`

/** A label and its text, on lines that a terminal shows whole. */
const wrapped = (label: string, text: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let current = label
  for (const word of text.split(" ")) {
    if (current.length + word.length >= width) {
      lines.push(current)
      current = " ".repeat(label.length)
    }
    current = current.endsWith(" ") ? current + word : `${current} ${word}`
  }
  return [...lines, current].map((line) => `  ${line}`)
}
