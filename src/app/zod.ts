export {
  array,
  custom,
  literal,
  optional,
  record,
  registry,
  strictObject,
  string,
  toJSONSchema,
  union,
} from "zod/mini";
