/** Where webhooks come in, behind the gateway's origin. */
export const prefix = "/api/v1/webhooks/"

/** What a provider calls for an integration, with the query that it added. */
export const make = (origin: string, slug: string, query = ""): string =>
  `${origin}${prefix}${slug}${query === "" ? "" : `?${query}`}`

/** The query of a URL, without its question mark. */
export const queryOf = (url: string): string => url.split("?").slice(1).join("?")
