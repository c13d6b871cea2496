#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <opencv2/core/mat.hpp>

namespace gripbench::experiments {

/// Bytes of a file.
/// @throws InputError naming it if it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// File names and their bytes.
using FolderContent = std::map<std::string, std::string>;

/// Makes `folder` with these files appear whole or not at all, also across a crash or a power cut:
/// written beside it under a temporary name, flushed, renamed. Missing parents are made.
/// @throws StorageError naming path and cause; then nothing is left behind.
void write_folder(const std::filesystem::path& folder, const FolderContent& content);

/// The same with hard links to the files of these names in `from`, which share their bytes with
/// them from then on.
/// @returns false if the file system cannot link from there to here; then nothing was done.
/// @throws StorageError
bool link_folder(const std::filesystem::path& from, const std::filesystem::path& folder,
                 const FolderContent& names);

/// The same for one file; replaces one that is there.
/// @throws StorageError
void write_file(const std::filesystem::path& file, std::string_view bytes);

/// Removes what writers that were killed left under `root`; returns how many folders or files.
/// @throws StorageError
int sweep_unfinished(const std::filesystem::path& root);

/// The temporary name beside `path` that `write_folder` and `write_file` use, and whether a path
/// has such a name.
std::filesystem::path unfinished_name(const std::filesystem::path& path);
bool is_unfinished(const std::filesystem::path& path);

/// Gives a finished folder its name, also across a power cut.
/// @throws StorageError
void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to);

/// JPEG, quality 95.
std::string encode_jpeg(const cv::Mat& image);

/// @throws InputError naming `file` if the bytes are no whole picture.
cv::Mat decode_jpeg(std::string_view bytes, const std::filesystem::path& file);

}  // namespace gripbench::experiments
