export { Argument, Command, CommanderError, Help, InvalidArgumentError, Option } from "commander";
