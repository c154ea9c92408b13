import { writeFileSync } from "node:fs";

/** Loaded before a measured program: as that ends, it writes what the process used into the file that BENCH_USAGE names. */
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const used = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, mebibytes: maxRSS / 1024 };
  writeFileSync(process.env.BENCH_USAGE ?? "/dev/null", JSON.stringify(used));
});
