/** The key of every gateway of the tests. */
export const managementKey = "management-key-of-the-tests"
