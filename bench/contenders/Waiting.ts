import type { SqlClient } from "@effect/sql"
import { Effect, Schema } from "effect"
import * as Amqp from "../../test/faults/Amqp.ts"

/** Deliveries that were made in the database and need their messages. */
export interface Waiting {
  readonly sql: SqlClient.SqlClient
  readonly rabbitMqUrl: string
  readonly queue: string
  /** Which rows of `deliveries`, as a condition. */
  readonly where: string
  readonly messageOf: (row: typeof Row.Type) => string
}

const Row = Schema.Struct({ id: Schema.String, destinationId: Schema.String })

const step = 5_000

/** Publishes a message for each, in the order of their ids. */
export const publish = Effect.fn("Waiting.publish")(
  function*({ messageOf, queue, rabbitMqUrl, sql, where }: Waiting) {
    const channel = yield* Amqp.channel(rabbitMqUrl)
    let after = "00000000-0000-0000-0000-000000000000"
    while (true) {
      const rows = yield* sql.unsafe(
        `SELECT id, destination_id AS "destinationId" FROM deliveries WHERE ${where} AND id > $1 ORDER BY id LIMIT ${step}`,
        [after]
      ).pipe(Effect.flatMap(Schema.decodeUnknown(Schema.Array(Row))))
      const last = rows.at(-1)
      if (last === undefined) return
      for (const row of rows) channel.sendToQueue(queue, Buffer.from(messageOf(row)), { persistent: true })
      yield* Effect.promise(() => channel.waitForConfirms())
      after = last.id
    }
  },
  Effect.scoped,
  Effect.orDie
)
