/** What the processes of the hand-written gateway are started with, as JSON. */
export interface Config {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly rabbitMqUrl: string
  /** Also the prefix of the retry queues' names. */
  readonly queue: string
  readonly port: number
  readonly poolSize: number
  readonly prefetch: number
  readonly ratePerMinute: number
  readonly retryDelaysMs: ReadonlyArray<number>
}

export const read = (): Config => JSON.parse(process.argv[2] ?? "{}") as Config
