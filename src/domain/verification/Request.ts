import { Option, Predicate } from "effect"
import * as FormBody from "../FormBody.ts"
import * as Headers from "../Headers.ts"
import * as JsonBody from "../JsonBody.ts"
import * as JsonPath from "../JsonPath.ts"

/** A webhook as it came in, before anything is believed about it. */
export class Request {
  readonly method: string
  /** The URL that the provider called: the integration's webhook URL with the query that the request carried. */
  readonly url: string
  /** What followed the integration in the path of the URL. */
  readonly path: string
  readonly headers: Headers.Headers
  readonly body: Uint8Array
  /** Milliseconds since the epoch, by the database's clock. */
  readonly receivedAt: number
  #json: Option.Option<unknown> | undefined
  #form: Option.Option<FormBody.Form> | undefined
  #query: Option.Option<FormBody.Form> | undefined

  constructor(
    fields: Pick<Request, "method" | "url" | "headers" | "body" | "receivedAt"> & { readonly path?: string }
  ) {
    this.method = fields.method
    this.url = fields.url
    this.path = fields.path ?? ""
    this.headers = fields.headers
    this.body = fields.body
    this.receivedAt = fields.receivedAt
  }

  /** The same with another body. */
  withBody(body: Uint8Array): Request {
    const { headers, method, path, receivedAt, url } = this
    return new Request({ method, url, path, headers, receivedAt, body })
  }

  /** The body as JSON, parsed at most once; none when it is not JSON. */
  get json(): Option.Option<unknown> {
    return this.#json ??= JsonBody.parse(this.body)
  }

  /** The body's fields, parsed at most once; none when it is no form. */
  get form(): Option.Option<FormBody.Form> {
    return this.#form ??= FormBody.parse(this.headers, this.body)
  }

  /** The query's fields, parsed at most once. */
  get query(): Option.Option<FormBody.Form> {
    return this.#query ??= FormBody.fields(this.url.slice(queryAt(this.url)))
  }

  header(name: string): Option.Option<string> {
    return Headers.single(this.headers, name)
  }

  /** Text, a truth value or a whole number at the path, as text. A number that JSON cannot hold exactly names nothing. */
  jsonText(path: JsonPath.JsonPath): Option.Option<string> {
    return Option.flatMap(this.json, textAt(path))
  }
}

/** What `Request.jsonText` finds, in any document. */
export const textAt = (path: JsonPath.JsonPath) => (document: unknown): Option.Option<string> =>
  JsonPath.get(document, path).pipe(
    Option.filter((value) => Predicate.isString(value) || Predicate.isBoolean(value) || Number.isSafeInteger(value)),
    Option.map(String)
  )

const queryAt = (url: string): number => {
  const mark = url.indexOf("?")
  return mark < 0 ? url.length : mark + 1
}
