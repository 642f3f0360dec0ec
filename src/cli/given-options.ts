import { type Command, Help, type Option } from "./commander.js";
import { UsageError } from "./usage-error.js";

/** The variable of an option: `WARMROUTE_` and its name in capitals. */
export function addEnvironment(command: Command): void {
  for (const option of command.options) {
    // Commander takes a variable of any text for a flag that is set, `false` too.
    if (option.required || option.optional) option.env(variable(option.attributeName()));
  }
  // The help tells the rule once, not each variable.
  command.configureHelp({
    optionDescription(option) {
      const shown: Option = Object.create(option, { envVar: { value: undefined } });
      return Help.prototype.optionDescription.call(this, shown);
    },
  });
}

/**
 * The options that were given, on the command line or by the environment: without those that only have their defaults.
 * @throws UsageError for a flag's variable that is neither true nor false.
 */
export function givenOptions(command: Command, environment: Readonly<Record<string, string | undefined>>): object {
  const given: Record<string, unknown> = {};
  for (const option of command.options) {
    const name = option.attributeName();
    const source = command.getOptionValueSource(name);
    if (source === "cli" || source === "env") given[name] = command.getOptionValue(name);
    else if (!option.required && !option.optional) {
      const set = flagOf(variable(name), environment);
      if (set !== undefined) given[name] = set;
    }
  }
  return given;
}

const WORDS: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

function flagOf(name: string, environment: Readonly<Record<string, string | undefined>>): boolean | undefined {
  const value = environment[name];
  if (value === undefined || value === "") return undefined;
  if (Object.hasOwn(WORDS, value)) return WORDS[value];
  throw new UsageError(`${name} must be true, false, 1 or 0, not ${JSON.stringify(value)}`);
}

function variable(name: string): string {
  return `WARMROUTE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
