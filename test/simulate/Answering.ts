import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { Effect, Ref } from "effect"

/** A webhook as it went out. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Answers to webhooks, and the webhooks that have come. */
export interface Answering {
  readonly client: HttpClient.HttpClient
  readonly received: Effect.Effect<ReadonlyArray<Received>>
}

/** A client whose every request is answered in the process, in the order in which they come. */
export const make = (
  answer: (received: Received, index: number) => Effect.Effect<Response>
): Effect.Effect<Answering> =>
  Effect.map(Ref.make<ReadonlyArray<Received>>([]), (ref) => ({
    received: Ref.get(ref),
    client: HttpClient.make((request, url) =>
      Effect.gen(function*() {
        const received = { method: request.method, url: url.href, headers: request.headers, body: bytesOf(request) }
        const index = yield* Ref.modify(ref, (before) => [before.length, [...before, received]])
        return HttpClientResponse.fromWeb(request, yield* answer(received, index))
      })
    )
  }))

const bytesOf = ({ body }: HttpClientRequest.HttpClientRequest): Uint8Array =>
  body._tag === "Uint8Array" ? body.body : new Uint8Array()

/** The gateway's own answer. */
export const accepted = (duplicate = false): Response =>
  Response.json({ eventId: "1", duplicate }, { status: duplicate ? 200 : 202 })
