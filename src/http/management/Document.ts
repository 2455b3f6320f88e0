import * as OpenApi from "@effect/platform/OpenApi"
import { Predicate } from "effect"

/**
 * The OpenAPI document as it is published: the platform's, without answers that never come, and with the route that
 * webhooks are sent to, which is no part of the management API.
 */
export const completed = OpenApi.Transform.of((spec) => {
  const paths: OpenApi.OpenAPISpecPaths = without(spec["paths"], isRepeated)
  const components: OpenApi.OpenAPIComponents = without(spec["components"], isRepeated)
  const tags: OpenApi.OpenAPISpec["tags"] = spec["tags"]
  return {
    ...spec,
    paths: {
      ...Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, pathItem(item)])),
      "/api/v1/webhooks/{integration}": { post: webhook }
    },
    components: {
      ...components,
      schemas: {
        ...Object.fromEntries(
          Object.entries(components.schemas).flatMap(([name, schema]) =>
            replaced.has(name) ? [] : [[name, name.startsWith("Error_") ? without(schema, isClosed) : schema]]
          )
        ),
        DateTimeUtc: { type: "string", format: "date-time" },
        Error: anyError
      }
    },
    security: [{ bearer: [] }],
    tags: [...tags, {
      name: "webhooks",
      description: "Where providers send to; needs no key, but the provider's proof."
    }]
  }
})

type Unfit = (key: string, value: unknown) => boolean

/** The same without the fields that are unfit. */
const without = <A>(part: A, unfit: Unfit): A =>
  JSON.parse(JSON.stringify(part, (key, value) => unfit(key, value) ? undefined : value))

/** The platform gives each schema of anything the same `$id`, which may stand only once in a document. */
const isRepeated: Unfit = (key, value) => key === "$id" && Predicate.isString(value)

/** More fields may be added to what is answered. */
const isClosed: Unfit = (key, value) => isRepeated(key, value) || key === "additionalProperties" && value === false

// What the platform would answer to what it cannot decode. Mount answers `validation_failed` in its place.
const replaced: ReadonlySet<string> = new Set(["HttpApiDecodeError", "Issue", "PropertyKey"])
const mentionsReplaced = /"#\/components\/schemas\/HttpApiDecodeError"/
const validationFailed = "#/components/schemas/Error_validation_failed"

/** What reads changes nothing, so it contradicts nothing, and only some methods have a body that is looked at. */
const impossible: Readonly<Record<string, ReadonlySet<string>>> = {
  get: new Set(["409", "413", "415"]),
  delete: new Set(["413", "415"])
}

const pathItem = (item: OpenApi.OpenAPISpecPathItem) =>
  Object.fromEntries(
    Object.entries(item).map(([method, operation]) => [method, {
      ...operation,
      responses: Object.fromEntries(
        Object.entries(operation.responses).flatMap(([status, response]) =>
          impossible[method]?.has(status) === true ? [] : answers(status, response)
        )
      )
    }])
  )

const answers = (status: string, response: OpenApi.OpenApiSpecResponse): ReadonlyArray<readonly [string, unknown]> => {
  const text = JSON.stringify(response)
  if (!mentionsReplaced.test(text)) return [[status, without(response, isClosed)]]
  return text.includes(validationFailed) ? [[status, invalid]] : []
}

const json = (schema: unknown) => ({ "application/json": { schema } })

const invalid = {
  description:
    "The request does not have the expected form: the path and the problem of each detail say where and how.",
  content: json({ $ref: validationFailed })
}

const anyError = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "requestId"],
      properties: {
        code: { type: "string" },
        message: { type: "string", description: "For a person." },
        requestId: { type: "string", description: "To find it in the log by." }
      }
    }
  }
}

const accepted = json({
  type: "object",
  required: ["eventId", "status", "duplicate"],
  properties: {
    eventId: { type: "string", format: "uuid" },
    status: { enum: ["accepted", "duplicate"] },
    duplicate: { type: "boolean" }
  }
})

const refused = (description: string) => ({ description, content: json({ $ref: "#/components/schemas/Error" }) })

const webhook = {
  tags: ["webhooks"],
  operationId: "webhooks.receive",
  summary: "Send a webhook, as the integration's provider signs it",
  description: "The path may go on below the integration, and may have a query; both are kept with the event. An " +
    "integration may have an answer of its own in the place of 200 and 202, and a provider's handshake is answered as the " +
    "provider expects it.",
  security: [],
  parameters: [{
    name: "integration",
    in: "path",
    required: true,
    description: "Its id or slug.",
    schema: { type: "string" }
  }],
  requestBody: {
    description: "Any bytes. They are stored and delivered as they are.",
    content: { "*/*": { schema: {} } }
  },
  responses: {
    200: { description: "It is stored already: a duplicate.", content: accepted },
    202: { description: "It is stored, and will be delivered.", content: accepted },
    400: refused("The body broke off."),
    401: refused("The proof of the sender is missing or wrong; the message says what."),
    404: refused("There is no such integration, or it is disabled."),
    408: refused("The body did not arrive in time."),
    413: refused("The body is larger than MAX_WEBHOOK_BYTES."),
    429: refused("The integration's limit per minute is used up; see Retry-After."),
    503: refused("It cannot be stored now, and was not; send it again after Retry-After.")
  }
}
