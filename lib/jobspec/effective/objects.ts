import { isPlainObject, type ApiObject } from "../engine";

/** The objects of a list of API JSON; none where it is no list. */
export function objectsOf(value: unknown): ApiObject[] {
  return Array.isArray(value) ? value.filter(isPlainObject) : [];
}

/** Whether a value of API JSON is an object that says nothing. */
export function isEmptyObject(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).length === 0;
}
