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

/// The same for one file; replaces one that is there.
/// @throws StorageError
void write_file(const std::filesystem::path& file, std::string_view bytes);

/// Removes what writers that were killed left under `root`; returns how many folders or files.
/// @throws StorageError
int sweep_unfinished(const std::filesystem::path& root);

/// True for the temporary names that `write_folder` and `write_file` use.
bool is_unfinished(const std::filesystem::path& path);

/// JPEG, quality 95.
std::string encode_jpeg(const cv::Mat& image);

/// @throws InputError naming `file` if the bytes are no whole picture.
cv::Mat decode_jpeg(std::string_view bytes, const std::filesystem::path& file);

}  // namespace gripbench::experiments
