import { Option, Predicate } from "effect"
import * as Headers from "../Headers.ts"
import * as JsonBody from "../JsonBody.ts"
import * as JsonPath from "../JsonPath.ts"

/** A webhook as it came in, before anything is believed about it. */
export class Request {
  readonly method: string
  /** The URL that the provider called: the integration's webhook URL with the query that the request carried. */
  readonly url: string
  readonly headers: Headers.Headers
  readonly body: Uint8Array
  /** Milliseconds since the epoch, by the database's clock. */
  readonly receivedAt: number
  #json: Option.Option<unknown> | undefined

  constructor(fields: Pick<Request, "method" | "url" | "headers" | "body" | "receivedAt">) {
    this.method = fields.method
    this.url = fields.url
    this.headers = fields.headers
    this.body = fields.body
    this.receivedAt = fields.receivedAt
  }

  /** The body as JSON, parsed at most once; none when it is not JSON. */
  get json(): Option.Option<unknown> {
    return this.#json ??= JsonBody.parse(this.body)
  }

  header(name: string): Option.Option<string> {
    return Headers.single(this.headers, name)
  }

  /** Text, a truth value or a whole number at the path, as text. A number that JSON cannot hold exactly names nothing. */
  jsonText(path: JsonPath.JsonPath): Option.Option<string> {
    return this.json.pipe(
      Option.flatMap((document) => JsonPath.get(document, path)),
      Option.filter((value) => Predicate.isString(value) || Predicate.isBoolean(value) || Number.isSafeInteger(value)),
      Option.map(String)
    )
  }
}
