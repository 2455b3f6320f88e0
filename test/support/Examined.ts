import { Duration, Effect, Layer, Option, Redacted } from "effect"
import { inject } from "vitest"
import type { Report } from "../../src/domain/doctor/Report.ts"
import * as RabbitMqQueueWatch from "../../src/layers/RabbitMqQueueWatch.ts"
import { Doctor } from "../../src/services/Doctor.ts"
import * as Graces from "../../src/services/Graces.ts"
import { Broker } from "../../src/services/ports/Broker.ts"
import { QueueWatch } from "../../src/services/ports/QueueWatch.ts"
import { Settings } from "../../src/services/Settings.ts"

/** The doctor for the settings around it, with a slack that is the default unless told otherwise. */
export const doctor = (slack = Duration.minutes(5)) =>
  Layer.unwrapEffect(Effect.map(Settings, (settings) =>
    Doctor.layer({
      queues: settings.queues,
      graces: Graces.make(settings, slack),
      keyIds: Option.some(settings.encryptionKeys.map(({ id }) => id)),
      pause: Duration.millis(50)
    })))

/** A look at the twin's queues, from within its process. */
export const watchTwin = Layer.effect(
  QueueWatch,
  Effect.map(Broker, ({ states }) => ({ states: (names) => Effect.asSome(states(names)) }))
)

export const watchServer = RabbitMqQueueWatch.layer(Redacted.make(inject("rabbitMqUrl") ?? ""))

export const examined = Effect.flatMap(Doctor, ({ examine }) => examine)

/** The rules that found something, with the first thing that each found. */
export const findings = (report: Report): ReadonlyArray<readonly [rule: string, detail: string]> =>
  report.rules.filter(({ result }) => result === "found").map(({ examples, id }) => [id, examples[0]?.detail ?? ""])

/** What the doctor says was found. */
export const found = Effect.map(examined, findings)
