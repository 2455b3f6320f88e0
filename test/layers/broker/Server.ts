import { Context, Effect, Layer } from "effect"
import * as Binary from "../../support/servers/Binary.ts"
import * as RabbitMqServer from "../../support/servers/RabbitMqServer.ts"

/** A RabbitMQ of a suite's own, that may be hurt. */
export class Server extends Context.Tag("sluice/test/layers/broker/Server")<Server, RabbitMqServer.RabbitMqServer>() {
  static readonly layer = Layer.scoped(Server, RabbitMqServer.start)
}

const folder = "/usr/lib/rabbitmq/bin"

/** Where the machine has a program of RabbitMQ's; none when it has not. */
export const programOf = (name: string) => Effect.runPromise(Effect.option(Binary.find(name, [folder])))
