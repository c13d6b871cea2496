#include "tests/e2e/command_line.h"

#include <chrono>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <thread>

#include <signal.h>

namespace gripbench {
namespace {

TEST_F(CommandLine, HelpOfEveryCommandHasAnExample) {
  const Ended top = run({"--help"});
  EXPECT_EQ(top.code, 0);
  EXPECT_NE(top.output.find("Exit codes"), std::string::npos);
  for (const char* command : {"bench", "collect", "train", "evaluate", "report", "import", "export",
                              "verify", "merge", "show", "stats", "objects", "render", "calibrate",
                              "likeness", "emulate", "devices", "replicate", "watchdog"}) {
    const Ended help = run({command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_TRUE(std::regex_search(help.output,
                                  std::regex("Examples?:\n  gripbench " + std::string(command))))
        << command;
  }
  for (const char* command : {"list", "show", "sheet", "add"}) {
    const Ended help = run({"objects", command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_NE(help.output.find("gripbench objects " + std::string(command)), std::string::npos)
        << command;
  }
}

TEST_F(CommandLine, WrongArgumentsAreBadInput) {
  expect_one_line(run({}), 2, "subcommand");
  expect_one_line(run({"fly"}), 2, "--help");
  expect_one_line(run({"bench"}), 2, "--out");
  expect_one_line(run({"bench", "--out", root_ / "x", "--preset", "huge"}), 2, "quick");
  expect_one_line(run({"bench", "--out", root_ / "x", "--jobs", "0"}), 2, "--jobs");
  expect_one_line(run({"import", "--format", "rosbag", "x", "--out", root_ / "x"}), 2, "sintef");
  expect_one_line(run({"import", "--format", "sintef", "x", "--named-frame", "0", "--out", "x"}), 2,
                  "--named-frame");
  expect_one_line(run({"import", "--format", "li2018", root_ / "none", "--out", root_ / "x"}), 2,
                  "none");
  expect_one_line(run({"export", "--format", "li2018", root_ / "none", "--out", root_ / "x"}), 2,
                  "is no data set");
  expect_one_line(run({"show", root_ / "none", "--out", root_ / "x.png"}), 2, "is no data set");
  expect_one_line(run({"show", "x", "--episode", "a/b", "--kind", "lost"}), 2, "--episode");
  expect_one_line(run({"stats", root_ / "none"}), 2, "is no data set");
  expect_one_line(run({"evaluate", "--out", root_ / "x"}), 2, "--recordings");
  expect_one_line(run({"train", "--data", root_ / "none", "--out", root_ / "m"}), 2, "none");
}

TEST_F(CommandLine, WrongFilesAreNamedWithLineAndKey) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  const std::string protocol = assets / "protocols" / "quick.yaml";
  expect_one_line(run({"collect", "--workcell", root_ / "none.yaml", "--protocol", protocol,
                       "--out", root_ / "data"}),
                  2, "none.yaml");
  std::ofstream(root_ / "cell.yaml") << "# a rig\nbackend: teleport\n";
  const Ended wrong = run({"collect", "--workcell", root_ / "cell.yaml", "--protocol", protocol,
                           "--out", root_ / "data"});
  expect_one_line(wrong, 2, "cell.yaml:2: 'backend'");
  EXPECT_NE(wrong.errors.find("sim"), std::string::npos) << "says what is allowed";
  std::ofstream(root_ / "protocol.yaml") << "grasps: {train: -3, test: 1}\n";
  expect_one_line(run({"collect", "--workcell", assets / "workcells" / "sim.yaml", "--protocol",
                       root_ / "protocol.yaml", "--out", root_ / "data"}),
                  2, "protocol.yaml");
  expect_one_line(run({"collect", "--workcell", assets / "workcells" / "sim.yaml", "--protocol",
                       protocol, "--out", root_ / "data", "--shard", "3/2"}),
                  2, "--shard 3/2");
  EXPECT_FALSE(fs::exists(root_ / "data" / "episodes"));
}

TEST_F(CommandLine, ALimitOfTheWorkcellStopsTheExperimentBeforeItMoves) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  std::istringstream lines(text_of(assets / "workcells" / "sim.yaml"));
  std::ofstream file(root_ / "guarded.yaml");
  for (std::string line; std::getline(lines, line);) {
    // Names are relative to the file.
    const std::size_t up = line.find(": ../");
    if (up != std::string::npos) line.replace(up + 2, 3, assets.string() + "/");
    file << line << '\n';
  }
  file << "safety:\n"
          "  workspace: {min: [0.3, -0.2, 0.0], max: [0.6, 0.2, 0.5]}\n"
          "  table_height: 0.0\n  finger_reach: 0.01\n  table_clearance: 0.001\n"
          "  max_tilt: 0.1\n  max_speed: 0.2\n  max_acceleration: 2\n  max_jaw_speed: 0.1\n"
          "  max_normal_force: 40\n  max_lift: 0.03\n  holding_force: 0.5\n";
  file.close();
  write_tiny_protocol(root_ / "tiny.yaml");
  expect_one_line(run({"collect", "--workcell", root_ / "guarded.yaml", "--protocol",
                       root_ / "tiny.yaml", "--out", root_ / "data"}),
                  3, "arm: motion refused: a speed of 0.25 m/s");
  EXPECT_FALSE(fs::exists(root_ / "data" / "episodes"));

  // A rehearsal shows the same before anybody goes near the rig.
  const Ended rehearsal = run({"collect", "--workcell", root_ / "guarded.yaml", "--protocol",
                               root_ / "tiny.yaml", "--dry-run"});
  expect_one_line(rehearsal, 3, "arm: motion refused: a speed of 0.25 m/s");
}

TEST_F(CommandLine, ADryRunPrintsEveryMotionAndWritesNothing) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  write_tiny_protocol(root_ / "tiny.yaml");
  const Ended ended = run({"collect", "--protocol", root_ / "tiny.yaml", "--dry-run"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_NE(ended.output.find("soap_box/position_0/touch: soap_box at"), std::string::npos);
  EXPECT_NE(ended.output.find("stapler/001: stapler at"), std::string::npos);
  EXPECT_NE(ended.output.find("arm   to ("), std::string::npos);
  EXPECT_NE(ended.output.find("jaws  to "), std::string::npos);
  // Every grasp lifts once.
  std::size_t lifts = 0;
  for (std::size_t at = 0; (at = ended.output.find("0.04 m/s", at)) != std::string::npos; ++at) {
    ++lifts;
  }
  EXPECT_GE(lifts, 6u);
}

TEST_F(CommandLine, AWorkcellNamesWhatIsDoneThereAndTheDataSetIsNamedAfterBoth) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  std::string text = text_of(assets / "workcells" / "sim.yaml");
  for (const char* file : {"objects", "mjcf", "sensors"}) {
    for (std::size_t at = 0;
         (at = text.find("../" + std::string(file), at)) != std::string::npos;) {
      text.replace(at, 2, assets.string());
    }
  }
  const std::string quick = "protocol: ../protocols/quick.yaml";
  const std::size_t at = text.find(quick);
  ASSERT_NE(at, std::string::npos);
  std::ofstream(root_ / "cell.yaml")
      << std::string(text).replace(at, quick.size(), "protocol: tiny.yaml");
  std::ofstream(root_ / "idle.yaml") << std::string(text).erase(at, quick.size());
  write_tiny_protocol(
      root_ / "tiny.yaml",
      {.train = {"soap_box"}, .test = {"stapler"}, .grasps_per_object = 1, .trial_lifts = 1});
  working_folder_ = root_;
  const Ended ended = run({"collect", "--workcell", "cell.yaml"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.errors.find("collect: protocol tiny.yaml, data set out/cell-tiny\n"), 0u)
      << ended.errors;
  EXPECT_EQ(run({"verify", "out/cell-tiny"}).code, 0);
  const Ended again = run({"collect", "--workcell", "cell.yaml"});
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_NE(again.errors.find("2 grasps were there"), std::string::npos) << "it goes on";

  // What is done on a rig is no part of what it is made of.
  fs::copy(root_ / "tiny.yaml", root_ / "same.yaml");
  write_tiny_protocol(root_ / "tiny.yaml");
  const Ended same = run(
      {"collect", "--workcell", "cell.yaml", "--protocol", "same.yaml", "--out", "out/cell-tiny"});
  EXPECT_EQ(same.code, 0) << same.errors;
  EXPECT_NE(same.errors.find("2 grasps were there"), std::string::npos) << same.errors;
  expect_one_line(run({"collect", "--workcell", "idle.yaml"}), 2, "--protocol: name");
}

TEST_F(CommandLine, ListsTheCatalogue) {
  const Ended list = run({"objects", "list"});
  EXPECT_EQ(list.code, 0);
  EXPECT_EQ(std::count(list.output.begin(), list.output.end(), '\n'), 95);
  expect_one_line(run({"objects", "list", "--catalogue", root_ / "none"}), 2, "none");
}

TEST_F(CommandLine, RenderSaysWhatIsWrongAndWritesNothing) {
  const fs::path out = root_ / "out";
  const std::vector<std::string> grasp{"render", "--object", "spray_can", "--squeeze",
                                       "0.4mm",  "--out",    out};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = grasp;
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  };
  expect_one_line(run({"render", "--out", out}), 2, "--object");
  expect_one_line(run({"render", "--object", "spray_can", "--squeeze", "0.4mm"}), 2, "--out");
  expect_one_line(run({"render", "--object", "spray_cam", "--squeeze", "0.4mm", "--out", out}), 2,
                  "spray_can");
  expect_one_line(run({"render", "--object", "spray_can", "--out", out}), 2, "--squeeze");
  expect_one_line(run({"render", "--object", "spray_can", "--squeeze", "0.4", "--out", out}), 2,
                  "0.4mm");
  expect_one_line(run({"render", "--object", "spray_can", "--width", "3in", "--out", out}), 2,
                  "--width");
  expect_one_line(with({"--what", "tactile,heat"}), 2, "traction");
  expect_one_line(with({"--width", "44mm"}), 2, "--squeeze");
  expect_one_line(with({"--height", "0.5"}), 2, "--height 0.5");
  expect_one_line(with({"--height", "nan"}), 2, "nan");
  expect_one_line(with({"--offset", "-30mm"}), 2, "--offset -0.03");
  expect_one_line(with({"--frames", "0,13", "--sheet", root_ / "sheet.png"}), 2, "13");
  expect_one_line(with({"--sheet", root_ / "sheet.gif"}), 2, ".png");
  expect_one_line(with({"--workcell", root_ / "none.yaml"}), 2, "none.yaml");
  expect_one_line(run({"render", "--grasp", "stapler/003", "--out", out}), 2, "--dataset");
  expect_one_line(
      run({"render", "--grasp", "stapler/003", "--dataset", root_ / "none", "--out", out}), 2,
      "none");
  EXPECT_FALSE(fs::exists(out));
  EXPECT_FALSE(fs::exists(root_ / "sheet.png"));
  fs::create_directories(out);
  std::ofstream(out / "dear.txt") << "mine";
  expect_one_line(run(grasp), 2, "is there already");
  EXPECT_EQ(text_of(out / "dear.txt"), "mine");
}

/// `text` with `from` replaced by `to`.
std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST_F(CommandLine, WhatIsOutOfReachIsRefusedAndNothingWritten) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  const fs::path out = root_ / "out";
  fs::create_directories(root_ / "objects");
  std::ofstream(root_ / "objects" / "soap_box.yaml")
      << changed(text_of(assets / "objects" / "soap_box.yaml"), "[0.032, 0.060", "[0.130, 0.060");
  fs::copy_file(assets / "objects" / "spray_can.yaml", root_ / "objects" / "spray_can.yaml");
  write_tiny_protocol(root_ / "tiny.yaml");
  std::string tiny = text_of(root_ / "tiny.yaml");
  tiny = changed(changed(tiny, "[soap_box, spray_can]", "[soap_box]"), "[stapler]", "[spray_can]");
  const std::string wide = changed(tiny, (assets / "objects").string(), "objects");
  std::ofstream(root_ / "wide.yaml") << wide;
  std::ofstream(root_ / "far.yaml") << changed(tiny, "place: [0.45,", "place: [1.20,");
  const auto collect = [&](const std::string& protocol) {
    return run({"collect", "--workcell", assets / "workcells" / "sim.yaml", "--protocol",
                root_ / protocol, "--jobs", "1", "--out", out});
  };
  const auto render = [&](const std::string& protocol, const std::string& object) {
    return run({"render", "--protocol", root_ / protocol, "--object", object, "--squeeze", "0.4mm",
                "--out", out});
  };
  expect_one_line(collect("wide.yaml"), 2, "soap_box: is out of the jaws' reach");
  expect_one_line(collect("far.yaml"), 3, "is out of reach; choose one nearer (on the way to s");
  EXPECT_FALSE(fs::exists(out));
  // What it was about to do is progress, no error.
  const auto without_progress = [](Ended ended) {
    std::istringstream lines(std::exchange(ended.errors, ""));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("render: ")) ended.errors += line + "\n";
    }
    return ended;
  };
  expect_one_line(without_progress(render("wide.yaml", "soap_box")), 2,
                  "gripbench: soap_box: is out of the jaws' reach");
  expect_one_line(without_progress(render("far.yaml", "spray_can")), 3,
                  "m is out of reach; choose one nearer (on the way to spray_can/position_0");
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(CommandLine, AnImpossibleSensorProfileIsNamedWithItsLine) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  const std::string sensor = text_of(assets / "sensors" / "gelsight2018.yaml");
  std::string cell = text_of(assets / "workcells" / "sim.yaml");
  for (std::size_t at = 0; (at = cell.find("../", at)) != std::string::npos;) {
    cell.replace(at, 3, assets.string() + "/");
  }
  std::ofstream(root_ / "cell.yaml")
      << changed(cell, (assets / "sensors/gelsight2018.yaml").string(), "sensor.yaml");
  const auto refused = [&](const std::string& key, const std::string& from, const std::string& to) {
    std::ofstream(root_ / "sensor.yaml") << changed(sensor, from, to);
    const fs::path protocol = assets / "protocols" / "quick.yaml";
    expect_one_line(run({"collect", "--workcell", root_ / "cell.yaml", "--protocol", protocol,
                         "--out", root_ / "out"}),
                    2, key);
    const Ended ended = run({"render", "--workcell", root_ / "cell.yaml", "--object", "spray_can",
                             "--squeeze", "0.4mm", "--out", root_ / "out"});
    EXPECT_EQ(ended.code, 2) << ended.errors;
    EXPECT_NE(ended.errors.find("sensor.yaml:"), std::string::npos) << ended.errors;
    EXPECT_FALSE(fs::exists(root_ / "out"));
  };
  refused("normal_stiffness", "normal_stiffness: 3.0e8", "normal_stiffness: -3.0e8");
  refused("pitch", "pitch: 1.495e-3", "pitch: 0");
}

TEST_F(CommandLine, RenderMakesPicturesAFilmAndATable) {
  const Ended ended = run({"render", "--object", "spray_can", "--width", "44.4mm", "--what",
                           "tactile,slip,external", "--mp4", "--out", root_ / "can", "--sheet",
                           root_ / "sheet.jpg"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  EXPECT_NE(ended.output.find("spray_can: "), std::string::npos) << ended.output;
  for (const char* view : {"tactile", "slip", "external"}) {
    for (const char* frame : {"_00.png", "_14.png"}) {
      EXPECT_GT(fs::file_size(root_ / "can" / (std::string(view) + frame)), 1000U) << view;
    }
  }
  for (const char* file : {"grasp.mp4", "truth.csv", "run.json"}) {
    EXPECT_TRUE(fs::exists(root_ / "can" / file)) << file;
  }
  const std::string table = text_of(root_ / "can" / "truth.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 31);
  EXPECT_TRUE(fs::exists(root_ / "sheet.jpg"));
}

TEST_F(CommandLine, AFolderThatCannotBeMadeIsOneLine) {
  std::ofstream(root_ / "file") << "in the way";
  const Ended ended =
      run({"import", "--format", "sintef", root_ / "none", "--out", root_ / "file" / "x"});
  expect_one_line(ended, 2, "none");
}

TEST_F(CommandLine, InterruptedCollectionGoesOnToTheSameBytesAsAnotherNumberOfJobs) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  write_tiny_protocol(root_ / "tiny.yaml");
  auto collect = [&](const char* name, const char* jobs) {
    return std::vector<std::string>{"collect",
                                    "--workcell",
                                    assets / "workcells" / "sim.yaml",
                                    "--protocol",
                                    root_ / "tiny.yaml",
                                    "--out",
                                    root_ / name,
                                    "--jobs",
                                    jobs};
  };
  const pid_t child = start(collect("one", "1"));
  // Interrupted in the middle of its first position or later.
  for (int i = 0; i < 600 && !fs::exists(root_ / "one" / "dataset.json"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  kill(child, SIGINT);
  const Ended interrupted = wait(child);
  ASSERT_EQ(interrupted.code, 130) << interrupted.errors;
  EXPECT_NE(interrupted.errors.find("run the same command again"), std::string::npos);

  const Ended resumed = run(collect("one", "1"));
  ASSERT_EQ(resumed.code, 0) << resumed.errors;
  const Ended two = run(collect("two", "2"));
  ASSERT_EQ(two.code, 0) << two.errors;
  std::vector<std::string> relative;
  for (const auto& entry : fs::recursive_directory_iterator(root_ / "two" / "episodes")) {
    if (entry.is_regular_file()) relative.push_back(fs::relative(entry.path(), root_ / "two"));
  }
  // 6 grasps of 15 frames by two cameras, a description and a trace.
  ASSERT_EQ(relative.size(), 6u * 32u);
  for (const std::string& name : relative) {
    EXPECT_EQ(text_of(root_ / "one" / name), text_of(root_ / "two" / name)) << name;
  }

  const Ended sound = run({"verify", root_ / "two"});
  EXPECT_EQ(sound.code, 0) << sound.errors;
  EXPECT_NE(sound.output.find("6 episodes, sound"), std::string::npos) << sound.output;

  fs::resize_file(root_ / "two" / relative.front(), 10);
  const Ended damaged = run({"verify", root_ / "two"});
  EXPECT_EQ(damaged.code, 2);
  EXPECT_NE(damaged.errors.find(fs::path(relative.front()).filename().string()), std::string::npos)
      << damaged.errors;
}

/// The whole bench on a protocol of its own, then everything one does with its data set.
TEST_F(CommandLine, BenchEndsInAReportAndItsDataCanBeLookedAtAndExchanged) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  fs::create_directories(root_ / "assets" / "protocols");
  for (const auto& entry : fs::directory_iterator(assets)) {
    if (entry.path().filename() != "protocols") {
      fs::create_symlink(entry.path(), root_ / "assets" / entry.path().filename());
    }
  }
  write_tiny_protocol(root_ / "assets" / "protocols" / "quick.yaml",
                      {.test = {"stapler", "tuna_can"}, .trial_lifts = 4});
  setenv("GRIPBENCH_ASSETS", (root_ / "assets").c_str(), 1);
  const fs::path out = root_ / "out";
  const fs::path data = out / "dataset";
  const Ended bench = run({"bench", "--preset", "quick", "--out", out, "--jobs", "2"});
  ASSERT_EQ(bench.code, 0) << bench.errors;
  const std::string report = text_of(out / "report.md");
  for (const char* part : {"Train: soap_box, spray_can. Test: stapler, tuna_can.", "| incipient |",
                           "threshold method, tactile", "CNN + LSTM, tactile + vision, raw"}) {
    EXPECT_NE(report.find(part), std::string::npos) << part;
  }
  // 4 test grasps, 20 windows, for a threshold detector and four learned ones in three forms.
  const std::string scores = text_of(out / "scores.csv");
  EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 1 + 4 * 20 * (1 + 4 * 3));
  const Ended again = run({"bench", "--preset", "quick", "--out", out, "--jobs", "2"});
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_NE(again.errors.find("evaluate: was finished before"), std::string::npos) << again.errors;

  const Ended stats =
      run({"stats", data, "--json", root_ / "stats.json", "--out", root_ / "stats.svg"});
  EXPECT_EQ(stats.code, 0) << stats.errors;
  EXPECT_NE(stats.output.find("Of the slips: incipient"), std::string::npos) << stats.output;
  EXPECT_NE(text_of(root_ / "stats.json").find("\"slip_begins\""), std::string::npos);
  EXPECT_NE(text_of(root_ / "stats.svg").find("<svg"), std::string::npos);
  EXPECT_EQ(run({"show", data, "--episode", "stapler/001", "--out", root_ / "one.png"}).code, 0);
  EXPECT_GT(fs::file_size(root_ / "one.png"), 100000U);
  expect_one_line(run({"show", data, "--object", "egg", "--out", root_ / "x.png"}), 2, "soap_box");

  const Ended exported = run({"export", "--format", "li2018", data, "--out", root_ / "li2018"});
  ASSERT_EQ(exported.code, 0) << exported.errors;
  const Ended imported =
      run({"import", "--format", "li2018", root_ / "li2018", "--out", root_ / "back"});
  ASSERT_EQ(imported.code, 0) << imported.errors;
  EXPECT_NE(imported.errors.find("8 grasps"), std::string::npos) << imported.errors;
  EXPECT_EQ(run({"verify", root_ / "back"}).code, 0);
  // Models fitted on our data judge the imported one.
  const Ended evaluated =
      run({"evaluate", "--data", root_ / "back", "--models", out / "models", "--detectors",
           "threshold,difference_both", "--out", root_ / "judged"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.errors;
  EXPECT_TRUE(fs::exists(root_ / "judged" / "scores.csv"));
  const Ended videos = run({"export", "--format", "sintef", data, "--out", root_ / "sintef"});
  EXPECT_EQ(videos.code, 0) << videos.errors;
  EXPECT_TRUE(fs::exists(root_ / "sintef" / "stapler" / "exp_num_2" / "camera_0.avi"));
}

}  // namespace
}  // namespace gripbench
