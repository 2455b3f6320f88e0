import { Option } from "effect"
import * as Headers from "../domain/Headers.ts"
import { DeliveryId, EventId } from "../domain/Ids.ts"
import type { Names } from "../domain/verification/Naming.ts"
import type { Request } from "../domain/verification/Request.ts"
import { secretHeaders } from "../domain/verification/Scheme.ts"
import type { Listed } from "./Directory.ts"
import * as Ids from "./Ids.ts"
import * as Pieces from "./Pieces.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import type { NewEvent } from "./store/EventStore.ts"
import type { Vault } from "./Vault.ts"

/** Where an event comes from. */
export interface Source {
  readonly integration: Listed
  readonly path: string
  readonly query: string
  /** In milliseconds since the epoch. */
  readonly receivedAt: number
}

/** An event of which it is not known yet when its deliveries begin, and whether there may be one like it already. */
export type Draft = Omit<NewEvent, "delayMs" | "seen">

export const admit = (draft: Draft, known: Pick<NewEvent, "delayMs" | "seen">): NewEvent => ({ ...draft, ...known })

const longestContentType = 200

// Ids that were made here need no look at their form.
const made = { disableValidation: true }

/** The event that a request becomes, or a piece of one, with its deliveries; all with new ids. */
export const unsafeDraft = (
  vault: typeof Vault.Service,
  { integration, path, query, receivedAt }: Source,
  request: Request,
  names: Names
): Draft => {
  const id = EventId.make(Ids.at(receivedAt), made)
  const { headers, sealedHeaders } = SealedHeaders.unsafeSeal(
    vault,
    `event:${id}`,
    request.headers,
    secretHeaders(integration.scheme)
  )
  return {
    id,
    integrationId: integration.id,
    dedupeKey: names.dedupeKey,
    providerEventId: Option.getOrNull(names.providerEventId),
    type: Option.getOrNull(names.type),
    contentType: Option.getOrNull(
      Option.map(Headers.folded(request.headers, "content-type"), (_) => _.slice(0, longestContentType))
    ),
    receivedAt,
    path,
    query,
    headers,
    sealedHeaders,
    body: request.body,
    deliveries: Pieces.wanted(integration, names, request).map((destination) => ({
      id: DeliveryId.make(Ids.at(receivedAt), made),
      destinationId: destination.id,
      held: destination.status !== "active"
    }))
  }
}
