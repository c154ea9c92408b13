/** A name in camel case for a job's id, another for each job. */
export function exportName(id: string, taken: Set<string>, classes: ReadonlySet<string>, isType = false): string {
  const words = (id ?? "").split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const camel = words
    .map((word, index) =>
      index === 0 ? word[0]?.toLowerCase() + word.slice(1) : word[0]?.toUpperCase() + word.slice(1),
    )
    .join("");
  const base =
    isType || (/^[a-z]/.test(camel) && !RESERVED.has(camel))
      ? isType
        ? id
        : camel
      : `job${camel[0]?.toUpperCase() ?? ""}${camel.slice(1)}`;
  let name = base;
  for (let number = 2; taken.has(name) || classes.has(name); number += 1) name = `${base}${number}`;
  taken.add(name);
  return name;
}

/**
 * Words of the language, what Node gives every module of CommonJS and a module therefore cannot declare, and what every object has: a parameter of such a name
 * would never be left out.
 *
 * @see https://nodejs.org/api/modules.html#the-module-wrapper
 */
const RESERVED = new Set(
  "exports module require constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield".split(
    " ",
  ),
);
