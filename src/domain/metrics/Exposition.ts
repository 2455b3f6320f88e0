/** One number of a metric. A histogram's stand under its name with an ending. */
export interface Sample {
  readonly ending?: "_bucket" | "_sum" | "_count"
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric with what it shows now. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly samples: ReadonlyArray<Sample>
}

/** Prometheus' text format, version 0.0.4. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/** The metrics as Prometheus reads them. One that shows nothing is left out. */
export const render = (families: ReadonlyArray<Family>): string =>
  families.filter(({ samples }) => samples.length > 0).map(family).join("")

/** A histogram's samples. Its buckets come with their upper bounds in order, each with all that is not above it. */
export const histogram = (
  { buckets, count, sum }: {
    readonly buckets: ReadonlyArray<readonly [bound: number, count: number]>
    readonly count: number
    readonly sum: number
  },
  labels: Sample["labels"] = {}
): ReadonlyArray<Sample> => [
  ...buckets.map(([bound, value]): Sample => ({
    ending: "_bucket",
    labels: Object.assign({}, labels, { le: number(bound) }),
    value
  })),
  { ending: "_sum", labels, value: sum },
  { ending: "_count", labels, value: count }
]

const family = ({ help, name, samples, type }: Family): string =>
  `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${samples.map((_) => sample(name, _)).join("")}`

const sample = (name: string, { ending, labels, value }: Sample): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll("\"", "\\\"")}"`)
  return `${name}${ending ?? ""}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number(value)}\n`
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const number = (value: number): string =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? "+Inf" : "-Inf"
