/** How a class uses fields or methods that are named with `#`: as they are written, or as TypeScript, esbuild, swc and Babel write them for older engines. */
const USE = /\bthis\.#[\w$]|(?:__private|private_?(?:field|method))\w*\([^()]{0,200}\bthis\b/i;

/**
 * The name of a class that keeps something in a field or method named with `#`. A copy that is made without running constructors does not have it, and
 * whoever reads it gets a TypeError that names neither the class nor the way out.
 *
 * @param prototype of the object that is copied; its own class is looked at, and those that it extends
 * @param isBase whether the search ends at a prototype
 */
export function classWithPrivateFields(prototype: object, isBase: (prototype: object) => boolean): string | undefined {
  for (
    let each: object | null = prototype;
    each && !isBase(each);
    each = Object.getPrototypeOf(each) as object | null
  ) {
    const type = each.constructor;
    if (USE.test(Function.prototype.toString.call(type))) return type.name || "without a name";
  }
  return undefined;
}
