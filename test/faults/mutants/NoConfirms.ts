import * as HttpServer from "@effect/platform/HttpServer"
import { Effect, Either, Layer } from "effect"
import * as Api from "../../../src/layers/Api.ts"
import * as Main from "../../../src/layers/Main.ts"
import * as Role from "../../../src/layers/Role.ts"
import * as Worker from "../../../src/layers/Worker.ts"
import { Broker } from "../../../src/services/ports/Broker.ts"
import { launch, workerOf } from "./Launch.ts"

const hasty = Layer.effect(
  Broker,
  Effect.map(Broker, (broker) =>
    Broker.of({
      ...broker,
      publish: (publications) =>
        Effect.as(Effect.forkDaemon(broker.publish(publications)), publications.map(() => Either.void))
    }))
)

const api = Role.make(
  { name: "sluice-api", connections: 10 },
  (given) => Layer.provide(HttpServer.withLogAddress(Api.http(given)), hasty)
)

/** What is published counts as in the queue, before the broker has said so. */
launch(workerOf(() => Layer.provide(Worker.programs, hasty)), () => Main.launch(api))
