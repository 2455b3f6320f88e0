import { Array, Option } from "effect"
import * as Filter from "../domain/Filter.ts"
import * as JsonList from "../domain/JsonList.ts"
import * as Naming from "../domain/verification/Naming.ts"
import type { Request } from "../domain/verification/Request.ts"
import type { Listed, ListedDestination } from "./Directory.ts"

const maxPieces = 500

export type Requests = Array.NonEmptyReadonlyArray<Request>

/** A webhook, or what it is split into: each a request of its own, together of no more than so many bytes. */
export const of = ({ scheme: { only, split } }: Listed, request: Request, maxBytes: number): Requests =>
  (split ? only : Option.none()).pipe(
    Option.flatMap((path) =>
      Option.flatMap(
        request.json,
        (document) => JsonList.split(request.body, document, path, { items: maxPieces, bytes: maxBytes })
      )
    ),
    Option.map((bodies) => Array.map(bodies, (body) => request.withBody(body))),
    Option.getOrElse(() => Array.of(request))
  )

/** The names of the events that a webhook becomes, one for each of its pieces. */
export const names = (
  { overrides, scheme }: Listed,
  whole: Request,
  pieces: Requests
): Array.NonEmptyReadonlyArray<Naming.Names> =>
  pieces.length > 1
    ? Naming.nameEach(scheme, overrides, whole, pieces)
    : [Naming.name(scheme, overrides, whole)]

/** The destinations that want an event. */
export const wanted = (
  { destinations }: Listed,
  { type }: Naming.Names,
  request: Request
): ReadonlyArray<ListedDestination> =>
  destinations.filter(({ filter }) => Filter.matches(filter, type, () => request.json))
