/** The processes under test. */
export const members = ["api-1", "api-2", "worker-1", "worker-2"] as const
export type Member = typeof members[number]

export const apis: ReadonlyArray<Member> = ["api-1", "api-2"]
export const workers: ReadonlyArray<Member> = ["worker-1", "worker-2"]

export const servers = ["postgres", "redis", "rabbitmq"] as const
export type Server = typeof servers[number]

/** A way that can be hurt by itself: of one process to one server, or of the providers to one API. */
export type Line = `${Member}>${Server}` | `sender>${Member}`

export const lines: ReadonlyArray<Line> = [
  ...members.flatMap((member) => servers.map((server): Line => `${member}>${server}`)),
  "sender>api-1",
  "sender>api-2"
]

/** The callbacks, each a server of its own. */
export const destinations = ["ledger", "audit", "billing", "search", "cache", "large-items", "mail"] as const
export type Destination = typeof destinations[number]

interface Shape {
  readonly targets: ReadonlyArray<string>
  /** How many seconds it lasts, at least and at most; zero for what is over at once. */
  readonly seconds: readonly [least: number, most: number]
}

const queues = ["process", "retry"]

/** Everything that can be done to the system, to whom, and for how long. Holes may outlast what the gateway waits for. */
export const catalogue = {
  "kill": { targets: members, seconds: [0, 0] },
  "terminate": { targets: members, seconds: [0, 0] },
  "freeze": { targets: members, seconds: [8, 35] },
  "clock-minutes": { targets: members, seconds: [5, 15] },
  "clock-hours": { targets: members, seconds: [5, 15] },
  "redis-restart": { targets: ["redis"], seconds: [0, 4] },
  "rabbitmq-kill": { targets: ["rabbitmq"], seconds: [1, 5] },
  "rabbitmq-purge": { targets: queues, seconds: [0, 0] },
  "rabbitmq-delete": { targets: queues, seconds: [0, 0] },
  "rabbitmq-forget": { targets: ["rabbitmq"], seconds: [0, 0] },
  "rabbitmq-alarm": { targets: ["rabbitmq"], seconds: [5, 12] },
  "rabbitmq-copies": { targets: ["process"], seconds: [3, 6] },
  "postgres-kill": { targets: ["postgres"], seconds: [1, 5] },
  "postgres-terminate": { targets: ["postgres"], seconds: [2, 6] },
  "postgres-connections": { targets: ["postgres"], seconds: [4, 10] },
  "postgres-disk": { targets: ["postgres"], seconds: [3, 8] },
  "line-refuse": { targets: lines, seconds: [3, 10] },
  "line-hole": { targets: lines, seconds: [5, 40] },
  "line-slow": { targets: lines, seconds: [5, 15] },
  "line-break": { targets: lines, seconds: [3, 8] },
  "callback-slow": { targets: destinations, seconds: [5, 12] },
  "callback-hang": { targets: destinations, seconds: [4, 8] },
  "callback-reset": { targets: destinations, seconds: [5, 12] },
  "callback-garbage": { targets: destinations, seconds: [5, 12] },
  "callback-endless": { targets: destinations, seconds: [4, 8] },
  "callback-huge": { targets: destinations, seconds: [4, 8] },
  "callback-bomb": { targets: destinations, seconds: [4, 8] },
  "callback-late": { targets: destinations, seconds: [4, 8] },
  "callback-busy": { targets: destinations, seconds: [5, 12] }
} as const satisfies Readonly<Record<string, Shape>>

export type Kind = keyof typeof catalogue

export const isKind = (text: string): text is Kind => Object.hasOwn(catalogue, text)

export const kinds: ReadonlyArray<Kind> = Object.keys(catalogue).filter(isKind)

export const shapeOf = (kind: Kind): Shape => catalogue[kind]

export const isCallbackKind = (kind: Kind): boolean => kind.startsWith("callback-")
